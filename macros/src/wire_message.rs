use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Error, LitStr, Result, Type, parse_quote};

use crate::schema;

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let Wire {
        name: wire_name,
        reply,
    } = Wire::of(input)?;
    let name = &input.ident;
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    let schema = schema::implement(input)?;
    Ok(quote! {
        #schema
        impl #impl_generics ::treewire::actix::Message for #name #type_generics #where_clause {
            type Result = #reply;
        }
        impl #impl_generics ::treewire::WireMessage for #name #type_generics #where_clause {
            const NAME: &'static str = #wire_name;
        }
    })
}

pub(crate) fn derive_type(input: &DeriveInput) -> Result<TokenStream> {
    let name = &input.ident;
    let schema = schema::implement(input)?;
    let (_, type_generics, _) = input.generics.split_for_impl();
    let mut generics = input.generics.clone();
    generics
        .params
        .push(parse_quote!(TreewireActor: ::treewire::actix::Actor));
    generics.params.push(parse_quote!(
        TreewireMessage: ::treewire::actix::Message<Result = #name #type_generics>
    ));
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    Ok(quote! {
        #schema
        impl #impl_generics
            ::treewire::actix::dev::MessageResponse<TreewireActor, TreewireMessage>
            for #name #type_generics #where_clause
        {
            fn handle(
                self,
                _: &mut <TreewireActor as ::treewire::actix::Actor>::Context,
                answer: Option<::treewire::actix::dev::OneshotSender<Self>>,
            ) {
                if let Some(answer) = answer {
                    // Whoever asked may have gone.
                    let _ = answer.send(self);
                }
            }
        }
    })
}

/// What `#[wire(…)]` says.
struct Wire {
    name: LitStr,
    reply: Type,
}

impl Wire {
    fn of(input: &DeriveInput) -> Result<Wire> {
        let (mut name, mut reply) = (None, None);
        for attribute in input
            .attrs
            .iter()
            .filter(|attribute| attribute.path().is_ident("wire"))
        {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("name") {
                    name = Some(meta.value()?.parse::<LitStr>()?);
                } else if meta.path.is_ident("reply") {
                    reply = Some(meta.value()?.parse::<Type>()?);
                } else {
                    return Err(meta.error("unknown key: allowed are name and reply"));
                }
                Ok(())
            })?;
        }
        let missing =
            "say its name on the wire: #[wire(name = \"market.GetQuote\", reply = Quote)]";
        let name = name.ok_or_else(|| Error::new_spanned(&input.ident, missing))?;
        if name.value().bytes().next().is_none_or(|first| first < b' ') {
            let text = "a wire name begins with a printable character";
            return Err(Error::new_spanned(name, text));
        }
        Ok(Wire {
            name,
            reply: reply.unwrap_or_else(|| parse_quote!(())),
        })
    }
}
